import { leaveOutStacksOfPromises } from "../../lab/stacks";

leaveOutStacksOfPromises();
