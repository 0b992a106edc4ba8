import { createMemoryGraph, createVolatileStore } from '@perstream/pmg'

/** The same graph off the page's thread: send it the lines of an export and a question, get the memories found. */
addEventListener('message', async ({ data }: MessageEvent<{ lines: string[]; question: string }>) => {
  await using graph = await createMemoryGraph({ store: createVolatileStore() })
  const { imported } = await graph.import(data.lines)
  const words = await graph.retrieve({ text: data.question })
  const vector = words[0] && graph.embedding(words[0].memory.id)
  const like = vector ? await graph.retrieve({ vector, space: graph.space }) : []
  postMessage({ imported, words: words.map(({ memory }) => memory.text), like: like.map(({ memory }) => memory.text) })
})
