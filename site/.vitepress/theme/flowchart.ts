import { useData } from 'vitepress'
import { defineComponent, h, onMounted, ref, useId, watch } from 'vue'

/** Draws a Mermaid block in the browser, in the colors of the page. */
export const Flowchart = defineComponent({
  props: {
    /** The text of the block, encoded with encodeURIComponent. */
    source: { type: String, required: true },
  },
  setup({ source }) {
    const text = decodeURIComponent(source)
    const { isDark } = useData()
    const id = `flowchart-${useId()}`
    const drawing = ref('')
    async function draw(): Promise<void> {
      const { default: mermaid } = await import('mermaid')
      mermaid.initialize({
        startOnLoad: false,
        theme: isDark.value ? 'dark' : 'neutral',
        // Long titles of groups take two lines.
        flowchart: { wrappingWidth: 320, subGraphTitleMargin: { top: 4, bottom: 28 } },
      })
      drawing.value = (await mermaid.render(id, text)).svg
    }
    onMounted(draw)
    watch(isDark, draw)
    return () =>
      drawing.value === ''
        ? h('pre', { class: 'flowchart' }, text)
        : h('div', { class: 'flowchart', innerHTML: drawing.value })
  },
})
