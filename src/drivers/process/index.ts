export { childrenOf, isAlive, look, lookAtAll } from "./look.ts";
export { type ProcessRecord, readRecord, removeRecord } from "./record.ts";
export { ProcessService, type ProcessServiceOptions } from "./service.ts";
export { adopt, gone, kill, type Running, type Started, type StartRequest, startProcess, stop } from "./start.ts";
