"""One module a skill; each offers exchange(rng, test), a list of messages that ends in the answer."""
