// Shows what is going on: one line a step. On a terminal the current line turns and says how long it takes already; elsewhere a line is
// written when a step begins and, if it took a while or failed, when it ends.

export type Progress = {
  /** Runs `work` as one step. `say` changes what is being waited for. */
  step<T>(sentence: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>;
  /** A line by itself. */
  note(sentence: string): void;
};

export type ProgressStream = { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;
/** A plain line about the end is worth it from here on. */
const worthMs = 2_000;

export function makeProgress(stream: ProgressStream): Progress {
  return stream.isTTY === true ? turning(stream) : plain(stream);
}

export const silentProgress: Progress = { step: (_sentence, work) => work(() => {}), note: () => {} };

function plain(stream: ProgressStream): Progress {
  return {
    async step(sentence, work) {
      const startedAt = performance.now();
      stream.write(`${sentence}\n`);
      let lastDetail = "";
      try {
        const result = await work((detail) => {
          lastDetail = detail;
        });
        const tookMs = performance.now() - startedAt;
        if (tookMs >= worthMs) stream.write(`  done after ${seconds(tookMs)}\n`);
        return result;
      } catch (error) {
        stream.write(
          `  not done after ${seconds(performance.now() - startedAt)}${lastDetail === "" ? "" : `: ${lastDetail}`}\n`,
        );
        throw error;
      }
    },
    note: (sentence) => void stream.write(`${sentence}\n`),
  };
}

function turning(stream: ProgressStream): Progress {
  const wide = (text: string): string => text.slice(0, Math.max(20, (stream.columns ?? 100) - 1));
  const clear = "\r\u001b[K";
  return {
    async step(sentence, work) {
      const startedAt = performance.now();
      let detail = "";
      let turn = 0;
      const draw = (): void => {
        const tail = detail === "" ? "" : `: ${detail}`;
        stream.write(
          `${clear}${wide(`${frames[turn++ % frames.length]} ${sentence}${tail} (${seconds(performance.now() - startedAt)})`)}`,
        );
      };
      draw();
      const timer = setInterval(draw, frameMs);
      const end = (sign: string): void => {
        clearInterval(timer);
        stream.write(`${clear}${sign} ${sentence} (${seconds(performance.now() - startedAt)})\n`);
      };
      try {
        const result = await work((text) => {
          detail = text;
        });
        end("✔");
        return result;
      } catch (error) {
        end("✖");
        throw error;
      }
    },
    note: (sentence) => void stream.write(`${clear}${sentence}\n`),
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
