"""A world without chance: tierops runs in it, is killed, meets itself and other people, and is judged at every step."""
