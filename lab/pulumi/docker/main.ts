import { main } from "../plugin/provider";
import { docker } from "./plugin";

main(docker);
