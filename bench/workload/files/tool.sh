#!/bin/sh
# Prints what the service was configured with.
exec cat /opt/bench/app.conf "$@"
