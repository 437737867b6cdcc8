import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Values read at the moment of a scrape. */
export interface ScrapedValues {
  /** Null: not known now. */
  readonly dataVersion: number | null;
  readonly users: number | null;
}

/** Questions about sets of users whose time is measured. */
export type Question = 'count' | 'members' | 'distribution' | 'overlap';

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The Prometheus metrics of one process, in a registry of their own (two applications in one process do not mix). */
export class Metrics {
  readonly registry = new Registry();

  readonly #requests = new Histogram({
    name: 'tessera_http_request_duration_seconds',
    help: 'HTTP requests by method, route pattern and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: REQUEST_SECONDS,
    registers: [this.registry],
  });
  readonly #messages = new Counter({
    name: 'tessera_messages_total',
    help: 'Messages received, by verdict',
    labelNames: ['verdict'] as const,
    registers: [this.registry],
  });
  readonly #questions = new Histogram({
    name: 'tessera_question_duration_seconds',
    help: 'Time to answer a question about sets of users, from the checked body to the answer',
    labelNames: ['question'] as const,
    buckets: REQUEST_SECONDS,
    registers: [this.registry],
  });
  readonly #dataVersion = new Gauge({
    name: 'tessera_data_version',
    help: 'Data version visible to reads',
    registers: [this.registry],
  });
  readonly #users = new Gauge({
    name: 'tessera_users',
    help: 'Known users, erased ones left out',
    registers: [this.registry],
  });

  /** Adds the metrics of the process itself: memory, CPU, event-loop lag. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  observeRequest(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status: String(status) }, seconds);
  }

  addMessages(verdict: 'accepted' | 'stale' | 'duplicate' | 'rejected', count: number): void {
    if (count > 0) this.#messages.inc({ verdict }, count);
  }

  observeQuestion(question: Question, seconds: number): void {
    this.#questions.observe({ question }, seconds);
  }

  /** The Prometheus text form. */
  async expose(scraped: ScrapedValues): Promise<string> {
    this.#dataVersion.set(scraped.dataVersion ?? Number.NaN);
    this.#users.set(scraped.users ?? Number.NaN);
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }
}
