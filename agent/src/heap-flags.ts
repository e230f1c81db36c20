import { setFlagsFromString } from "node:v8";

// Imported before anything else: V8 doubles its young generation while modules load and never gives
// it back, 20 MB of the 100 that the agent may take on a small machine.
setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--optimize-for-size");
