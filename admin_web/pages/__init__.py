"""One module a subject: its routes, its forms, its template folder."""
