"""How shallow families read columns, texts, pictures and series."""
