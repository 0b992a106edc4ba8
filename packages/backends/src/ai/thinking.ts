/** What a model wrote after its thinking, where it writes that into its reply. */
export function withoutThinking(reply: string): string {
  const end = reply.lastIndexOf('</think>')
  return end < 0 ? reply : reply.slice(end + '</think>'.length)
}
