/** A line that shows how far something is, where a person watches; nothing is drawn elsewhere. */
interface ProgressLine {
  update(progress: { readonly done: number; readonly total: number }): void
  /** Prints a line above it. */
  print(text: string): void
  stop(): void
}

const cells = 28

/** Makes a progress line on stderr. */
export function createProgressLine(label: string): ProgressLine {
  const { stderr } = process
  const began = performance.now()
  let shown = ''
  const clear = () => {
    if (shown !== '') stderr.write('\r\u001b[K')
  }
  return {
    update({ done, total }) {
      const share = Math.min(1, done / total)
      const full = Math.round(share * cells)
      const seconds = (performance.now() - began) / 1000
      const left = share > 0.03 ? `, ${Math.ceil((seconds / share) * (1 - share))} s left` : ''
      const text = `${label}  ${'█'.repeat(full)}${'░'.repeat(cells - full)} ${Math.round(100 * share)} %${left}`
      if (text === shown || !stderr.isTTY) return
      clear()
      shown = text
      stderr.write(shown)
    },
    print(text) {
      clear()
      console.log(text)
      if (shown !== '') stderr.write(shown)
    },
    stop() {
      clear()
      shown = ''
    },
  }
}
