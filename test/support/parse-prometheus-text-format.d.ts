declare module 'parse-prometheus-text-format' {
  /** One object per metric family. Throws on what Prometheus would not read. */
  export default function parsePrometheusTextFormat(text: string): unknown;
}
