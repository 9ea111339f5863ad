"""One module a figure of what Sekisho promises; each measures its own baseline in the same run, interleaved."""
