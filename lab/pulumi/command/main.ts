import { main } from "../plugin/provider";
import { command } from "./plugin";

main(command);
