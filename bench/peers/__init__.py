"""What others do, on the same data: each answers questions from an index of its own over the same turns.

Those of here.py stand on packages we have. The others run in environments of their own (see apart.py), which hold their
packages and nothing of ours, and none of their code is part of this repository. So nothing is imported here.
"""
