"""The weights of networks in the forms that other programs read, and read from such forms."""
