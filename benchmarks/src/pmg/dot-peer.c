/* The C peer of bench:pmg: dot products of a query with all rows, the best five kept. Arguments: rows, width (a multiple of 8).
   Each line of input asks for so many searches; each line of output is the milliseconds they took and the best score. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static float dot(const float *restrict a, const float *restrict b, long width) {
  float sum = 0;
  for (long i = 0; i < width; i++) sum += a[i] * b[i];
  return sum;
}

static float search(const float *data, const float *query, long rows, long width) {
  float best[5] = {-2, -2, -2, -2, -2};
  for (long row = 0; row < rows; row++) {
    float score = dot(data + row * width, query, width);
    if (score <= best[4]) continue;
    int at = 4;
    for (; at > 0 && best[at - 1] < score; at--) best[at] = best[at - 1];
    best[at] = score;
  }
  return best[0];
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  long rows = atol(arguments[1]), width = atol(arguments[2]);
  float *data = malloc(rows * width * sizeof(float));
  if (!data) return 1;
  unsigned state = 1;
  for (long i = 0; i < rows * width; i++) {
    state = state * 1664525u + 1013904223u;
    data[i] = ((int)(state >> 8) - (1 << 23)) / (float)(1 << 27);
  }
  long searches;
  while (scanf("%ld", &searches) == 1) {
    float best = 0;
    double start = now();
    for (long i = 0; i < searches; i++) best += search(data, data + (i % rows) * width, rows, width);
    printf("%f %f\n", now() - start, best);
    fflush(stdout);
  }
}
