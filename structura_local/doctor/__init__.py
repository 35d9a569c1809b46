"""`doctor`: looks at everything that a plant's server depends on, and says how to mend what is wrong."""
