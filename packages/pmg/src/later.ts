/** Calls back after some milliseconds, without keeping a process alive for it. */
export function later(callback: () => void, milliseconds: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, milliseconds)
  if (typeof timer === 'object') timer.unref()
  return timer
}
