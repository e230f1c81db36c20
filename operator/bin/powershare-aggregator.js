#!/usr/bin/env node
import "../dist/aggregator/main.js";
