#!/usr/bin/env node
import "../dist/tamper/score-tamper.js";
