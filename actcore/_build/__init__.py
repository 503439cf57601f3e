"""Build-time code: from the registry's rows to one module of block loops per instruction set."""
