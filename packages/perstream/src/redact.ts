/**
 * Hides the passwords of URLs in a text: `rtsp://user:secret@host/live` becomes `rtsp://user:***@host/live`. What is stored, told
 * or shown of a source goes through here; only the decoder gets the address as it was given.
 */
export function redactPasswords(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s/?#@:"'<>]*):[^\s/?#"'<>]*@/gi, '$1:***@')
}
