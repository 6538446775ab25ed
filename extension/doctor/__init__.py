"""The doctor: looks at everything an installation stands on, changes nothing, and says how to mend what is wrong."""
