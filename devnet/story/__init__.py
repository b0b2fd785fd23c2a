"""The demo: a finite story on a running devnet, each step checked before the next."""
