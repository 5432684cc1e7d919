"""How fast tierops is, beside terraform and octoDNS: `make bench`, or parts of it with `python -m benchmarks --help`.

`content` writes the same ladders for each tool, `tools` says how each is run, `emulated` serves the vendor, `measure`
runs one process, `rounds` lets the tools take turns, `large` measures what only tierops is asked, `report` and `chart`
write docs/performance.md. `scale` needs no run: it reckons how long a vendor's limits make ten thousand programs take.
"""
