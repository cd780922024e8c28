# shellcheck shell=bash
# How Node runs the relay: sourced with ROOT set to the project's folder.

# Chunks live outside V8's heap, so a young generation of 3 x 16 MiB is never needed: a small one saves some 20 MB of resident memory.
export NODE_OPTIONS="--max-semi-space-size=2 ${NODE_OPTIONS:-}"
# What Node makes of the sources (types stripped, code compiled) is kept: a second less at the start, and 20 MB less while it runs.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$ROOT/.cache/compiled}"
