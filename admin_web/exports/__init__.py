"""Files for auditors: what a list shows, written row by row in constant memory. No HTML, and no questions asked."""
