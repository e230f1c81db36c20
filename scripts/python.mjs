// Prints the path of the Python that has the libraries which tests and bench compare with; exit 1 where set-up has not
// installed it.
import { pythonIsThere, pythonProgram } from "./setup/python.mjs";

if (pythonIsThere()) {
  console.log(pythonProgram());
} else {
  console.error("The Python packages are not installed: run npm run setup -- --tests");
  process.exitCode = 1;
}
