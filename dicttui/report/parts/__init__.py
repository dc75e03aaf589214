"""The parts of the report's page, one file each: a function from the material to markup."""
