"""Access to the operating system: memory, cores, processes, the terminal and the shell."""
