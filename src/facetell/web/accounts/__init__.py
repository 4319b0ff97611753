"""Who somebody is: the sole user of one machine, people who signed in, guests."""
