import { Presets, SingleBar } from 'cli-progress'

/** Shows on stderr how far a run is, on a terminal alone. */
export class Progress implements Disposable {
  readonly #bar = process.stderr.isTTY
    ? new SingleBar(
        { format: '{bar} {value}/{total} {what}', stream: process.stderr, hideCursor: true },
        Presets.shades_classic,
      )
    : undefined
  #isRunning = false

  /** Begins a part of so many steps. */
  begin(what: string, steps: number): void {
    this.#bar?.stop()
    this.#bar?.start(steps, 0, { what })
    this.#isRunning = true
  }

  step(): void {
    if (this.#isRunning) this.#bar?.increment()
  }

  [Symbol.dispose](): void {
    this.#bar?.stop()
  }
}
