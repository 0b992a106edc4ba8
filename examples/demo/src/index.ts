export { type RenderDemoClipOptions, renderDemoClip } from './render-demo-clip'
