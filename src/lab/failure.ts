// What keeps the lab from doing its work, said in one sentence that tells what to do; with the exit code that goes with it.

export class LabFailure extends Error {
  /** 2: bad input; 3: could not be carried out. */
  readonly exitCode: 2 | 3;

  constructor(sentence: string, exitCode: 2 | 3 = 3, options?: ErrorOptions) {
    super(sentence, options);
    this.name = "LabFailure";
    this.exitCode = exitCode;
  }
}
