"""The command line: one module a command, which parses options, calls and prints."""
