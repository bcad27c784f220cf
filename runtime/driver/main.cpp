// Entry point of the command line.
int main() { return 2; }
