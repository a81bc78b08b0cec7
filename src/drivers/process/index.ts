export { childrenOf, isAlive, look } from "./look.ts";
export { ProcessService } from "./service.ts";
export { gone, kill, startProcess } from "./start.ts";
