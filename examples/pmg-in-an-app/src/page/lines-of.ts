/** The lines of a file, read piece by piece: a memory of any size fits. */
export async function* linesOf(file: Blob): AsyncGenerator<string, void, void> {
  let rest = ''
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (rest + piece.value).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') yield rest
}
