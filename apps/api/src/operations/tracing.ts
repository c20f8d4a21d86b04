import type { LoggerService } from '@nestjs/common';
import type { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Observer, Step } from '@app/event-store';
import type { Environment } from './settings.js';

/** Spans for requests and for every step of the ledger's work, sent to the collector that is configured. */
export interface Tracing extends Observer {
  addTo(fastify: FastifyInstance): void;
  /** Sends what is waiting to be sent. */
  flush(): Promise<void>;
  /** Sends what is waiting, and ends. */
  close(): Promise<void>;
}

/**
 * Traces when `OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) names a collector; undefined otherwise,
 * and then nothing of it is loaded. The exporter and the sampler read their other `OTEL_` settings themselves. What cannot be
 * delivered is lost, and the log says so once, and once more when the collector answers again.
 */
export async function openTracing(
  environment: Environment,
  role: string,
  log: Pick<LoggerService, 'log' | 'warn'>,
): Promise<Tracing | undefined> {
  if (!environment['OTEL_EXPORTER_OTLP_ENDPOINT'] && !environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) return undefined;
  const [api, sdk, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }, resources, core] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core'),
  ]);
  const { context, SpanKind, SpanStatusCode, trace } = api;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new sdk.BasicTracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': environment['OTEL_SERVICE_NAME'] || 'policy-ledger',
      'service.instance.id': `${role}-${process.pid}`,
    }),
    spanProcessors: [new sdk.BatchSpanProcessor(told(new OTLPTraceExporter(), core.ExportResultCode.FAILED, log))],
  });
  const tracer = provider.getTracer('policy-ledger');
  const propagator = new core.W3CTraceContextPropagator();
  const contexts = new WeakMap<FastifyRequest, ReturnType<typeof context.active>>();

  return {
    observe: (step, work) =>
      tracer.startActiveSpan(nameOf(step), { attributes: attributesOf(step) }, async (span) => {
        try {
          return await work();
        } catch (error) {
          // Messages name people and sums; the code says enough.
          span.setStatus({ code: SpanStatusCode.ERROR, message: codeOf(error) });
          throw error;
        } finally {
          span.end();
        }
      }),
    addTo(fastify) {
      fastify.addHook('onRequest', (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
        const caller = propagator.extract(context.active(), request.headers, api.defaultTextMapGetter);
        const route = request.routeOptions.url ?? 'unknown';
        const attributes = { 'http.request.method': request.method, 'http.route': route, 'ledger.correlation_id': request.id };
        const span = tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, caller);
        contexts.set(request, trace.setSpan(caller, span));
        done();
      });
      // As with the correlation: what follows the body runs where its last part arrived.
      fastify.addHook('preValidation', (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
        context.with(contexts.get(request) ?? context.active(), done);
      });
      fastify.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
        const span = trace.getSpan(contexts.get(request) ?? context.active());
        span?.setAttribute('http.response.status_code', reply.statusCode);
        if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
        span?.end();
        done();
      });
    },
    flush: () => provider.forceFlush(),
    close: () => provider.shutdown(),
  };
}

/** An exporter whose failures are told of: the library keeps them to itself. */
function told(exporter: SpanExporter, failed: ExportResultCode, log: Pick<LoggerService, 'log' | 'warn'>): SpanExporter {
  let isLost = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const hasFailed = result.code === failed;
        if (hasFailed && !isLost)
          log.warn(`traces cannot be delivered and are lost: ${result.error?.message ?? 'no reason given'}`, 'traces');
        if (!hasFailed && isLost) log.log('traces are delivered again', 'traces');
        isLost = hasFailed;
        done(result);
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

function nameOf(step: Step): string {
  return step.kind === 'projection-page' ? 'projection page' : `${step.kind} ${step.stream}`;
}

function attributesOf(step: Step): Record<string, string | number> {
  switch (step.kind) {
    case 'command':
    case 'load':
      return { 'ledger.stream': step.stream };
    case 'append':
      return { 'ledger.stream': step.stream, 'ledger.events': step.events, 'ledger.attempt': step.attempt };
    case 'projection-page':
      return { 'ledger.projections': step.projections, 'ledger.events': step.events, 'ledger.position': step.position };
  }
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'internal-error';
}
