#!/usr/bin/env node
import "../dist/feeder/run-score.js";
