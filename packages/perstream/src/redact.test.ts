import { describe, expect, it } from 'vitest'
import { redactPasswords } from './redact'
import { sourceId } from './source-id'

describe('redactPasswords', () => {
  it.each([
    ['rtsp://user:secret@host/live', 'rtsp://user:***@host/live'],
    ['rtsp://user:se:cr@et@host:554/live?a=b', 'rtsp://user:***@host:554/live?a=b'],
    ['https://:secret@host', 'https://:***@host'],
    ['cannot open "http://a:b@c/d" or rtmp://e:f@g.', 'cannot open "http://a:***@c/d" or rtmp://e:***@g.'],
  ])('%s', (given, expected) => expect(redactPasswords(given)).toBe(expected))

  it.each([
    'rtsp://user@host/live',
    'http://host:8080/path@2x.mp4',
    'http://host:8080?mail=a@b',
    '/home/me/a:b@c.mp4',
    'C:\\videos\\a@b.mp4',
    '{"at":"http://x:1","by":"me@x"}',
  ])('leaves %s as it is', (given) => expect(redactPasswords(given)).toBe(given))

  it('keeps passwords out of what names a source', async () => {
    expect(await sourceId('rtsp://user:secret@host/live')).toBe('rtsp://user:***@host/live')
  })
})
