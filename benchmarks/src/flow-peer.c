// The sums of packages/video/src/optical-flow.ts in plain C, for bench:flow. argv: width, height, file of two grey images.
// Reads a count from each line of standard input, measures that often, and prints the milliseconds of CPU time and the mean motion.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int32_t *sums[5];
static int16_t *rows[5][3];

static int16_t *fresh[3];

static void gradients(const uint8_t *restrict a, const uint8_t *restrict now, int width, int columns, int16_t *restrict gx,
                      int16_t *restrict gy, int16_t *restrict gt) {
  const uint8_t *b = a + width, *c = b + width, *n = now + width;
  for (int x = 0; x < columns; x++) gx[x] = a[x + 2] - a[x] + 2 * (b[x + 2] - b[x]) + c[x + 2] - c[x];
  for (int x = 0; x < columns; x++) gy[x] = c[x] - a[x] + 2 * (c[x + 1] - a[x + 1]) + c[x + 2] - a[x + 2];
  for (int x = 0; x < columns; x++) gt[x] = n[x + 1] - b[x + 1];
}

static void change(int32_t *restrict sum, const int16_t *restrict p, const int16_t *restrict q, const int16_t *restrict op,
                   const int16_t *restrict oq, int columns) {
  for (int x = 0; x < columns; x++) sum[x] += p[x] * q[x] - op[x] * oq[x];
}

static void slide(const uint8_t *a, const uint8_t *now, int width, int columns, int16_t **old) {
  gradients(a, now, width, columns, fresh[0], fresh[1], fresh[2]);
  const int pairs[5][2] = {{0, 0}, {0, 1}, {1, 1}, {0, 2}, {1, 2}};
  for (int i = 0; i < 5; i++) change(sums[i], fresh[pairs[i][0]], fresh[pairs[i][1]], old[pairs[i][0]], old[pairs[i][1]], columns);
  for (int k = 0; k < 3; k++) {
    int16_t *was = old[k];
    old[k] = fresh[k];
    fresh[k] = was;
  }
}

static inline int32_t box(const int32_t *s) { return s[0] + s[1] + s[2] + s[3] + s[4]; }

static double solve_row(int windows, double epsilon) {
  double total = 0;
  for (int x = 0; x < windows; x++) {
    double a = box(sums[0] + x) + epsilon, b = box(sums[1] + x), c = box(sums[2] + x) + epsilon;
    double p = box(sums[3] + x), q = box(sums[4] + x);
    double u = b * q - c * p, v = b * p - a * q;
    total += sqrt(u * u + v * v) / (a * c - b * b);
  }
  return total;
}

static double flow(const uint8_t *previous, const uint8_t *current, int width, int height) {
  int columns = width - 2;
  for (int i = 0; i < 5; i++) {
    memset(sums[i], 0, columns * sizeof(int32_t));
    for (int k = 0; k < 3; k++) memset(rows[i][k], 0, columns * sizeof(int16_t));
  }
  double total = 0;
  for (int y = 0; y < height - 2; y++) {
    slide(previous + y * width, current + y * width, width, columns, rows[y % 5]);
    if (y >= 4) total += solve_row(columns - 4, 1e-6 * 255 * 255);
  }
  return total / ((double)(columns - 4) * (height - 6)) * 8;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int width = atoi(argv[1]), height = atoi(argv[2]), count;
  size_t pixels = (size_t)width * height;
  uint8_t *images = malloc(pixels * 2);
  FILE *file = fopen(argv[3], "rb");
  if (!file || fread(images, 1, pixels * 2, file) != pixels * 2) return 1;
  for (int i = 0; i < 5; i++) {
    sums[i] = calloc(width, sizeof(int32_t));
    for (int k = 0; k < 3; k++) rows[i][k] = calloc(width, sizeof(int16_t));
  }
  for (int k = 0; k < 3; k++) fresh[k] = calloc(width, sizeof(int16_t));
  while (scanf("%d", &count) == 1) {
    struct timespec before, after;
    double mean = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    for (int i = 0; i < count; i++) mean = flow(images, images + pixels, width, height);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    printf("%.6f %.12g\n", (after.tv_sec - before.tv_sec) * 1e3 + (after.tv_nsec - before.tv_nsec) / 1e6, mean);
    fflush(stdout);
  }
  return 0;
}
