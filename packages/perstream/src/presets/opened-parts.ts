/** Parts that are opened one after the other and closed together, the last first: after a failure too. */
export class OpenedParts implements AsyncDisposable {
  readonly #parts: AsyncDisposable[] = []

  /** Takes a part to close with the others. */
  keep<Part extends AsyncDisposable>(part: Part): Part {
    this.#parts.push(part)
    return part
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part[Symbol.asyncDispose]()
  }
}

/** Opens parts. When that fails, those that are open are closed. */
export async function openParts<Opened>(
  open: (parts: OpenedParts) => Promise<Opened>,
): Promise<Opened & AsyncDisposable> {
  const parts = new OpenedParts()
  try {
    return { ...(await open(parts)), [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose]() }
  } catch (error) {
    await parts[Symbol.asyncDispose]()
    throw error
  }
}
