;; The two passes of Pillow's resize by vector instructions: the integers of resample-loops.ts, four or sixteen at a time.
;; Weights are fixed-point with 22 fractional bits (PRECISION_BITS). A sum starts at one half, 2097152 (HALF), so that the shift rounds.
(module
  ;; Pages of 64 KiB: one strip of 1 MiB (STRIP_BYTES), with weights, input and output.
  (memory (export "memory") 16)

  ;; One row: each output pixel is a weighted sum of neighboring input pixels. A vector holds the three channels of one pixel, and one
  ;; more byte, which is not used.
  ;;
  ;; $table holds, per output pixel and $step bytes apart: the first input byte relative to $from, the number of bytes of its weights,
  ;; and the weights as i32. It ends at $end.
  (func (export "rows") (param $from i32) (param $to i32) (param $table i32) (param $step i32) (param $end i32)
    (local $pixel i32)
    (local $weight i32)
    (local $last i32)
    (local $sum v128)
    (loop $output
      (local.set $pixel (i32.add (local.get $from) (i32.load (local.get $table))))
      (local.set $weight (i32.add (local.get $table) (i32.const 8)))
      (local.set $last (i32.add (local.get $weight) (i32.load offset=4 (local.get $table))))
      (local.set $sum (v128.const i32x4 2097152 2097152 2097152 2097152))
      (loop $input
        (local.set $sum
          (i32x4.add
            (local.get $sum)
            (i32x4.mul
              (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero align=1 (local.get $pixel))))
              (v128.load32_splat (local.get $weight)))))
        (local.set $pixel (i32.add (local.get $pixel) (i32.const 3)))
        (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
        (br_if $input (i32.lt_u (local.get $weight) (local.get $last))))
      ;; The fourth byte written is overwritten by the next pixel.
      (local.set $sum (i32x4.shr_s (local.get $sum) (i32.const 22)))
      (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
      (v128.store32_lane align=1 0
        (local.get $to)
        (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum)))
      (local.set $to (i32.add (local.get $to) (i32.const 3)))
      (local.set $table (i32.add (local.get $table) (local.get $step)))
      (br_if $output (i32.lt_u (local.get $table) (local.get $end)))))

  ;; One output row, written to $to and on up to $end: each byte is a weighted sum of the bytes above each other in the input rows, which
  ;; begin at $from and are $row bytes apart. Sixteen bytes at a time, in four sums. The weights are the i32 from $weights to $last.
  (func (export "columns")
    (param $from i32) (param $to i32) (param $end i32) (param $weights i32) (param $last i32) (param $row i32)
    (local $pixel i32)
    (local $tap i32)
    (local $bytes v128)
    (local $weight v128)
    (local $sum0 v128)
    (local $sum1 v128)
    (local $sum2 v128)
    (local $sum3 v128)
    (loop $output
      (local.set $sum0 (v128.const i32x4 2097152 2097152 2097152 2097152))
      (local.set $sum1 (v128.const i32x4 2097152 2097152 2097152 2097152))
      (local.set $sum2 (v128.const i32x4 2097152 2097152 2097152 2097152))
      (local.set $sum3 (v128.const i32x4 2097152 2097152 2097152 2097152))
      (local.set $pixel (local.get $from))
      (local.set $tap (local.get $weights))
      (loop $input
        (local.set $bytes (v128.load align=1 (local.get $pixel)))
        (local.set $weight (v128.load32_splat (local.get $tap)))
        (local.set $sum0
          (i32x4.add
            (local.get $sum0)
            (i32x4.mul
              (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $bytes)))
              (local.get $weight))))
        (local.set $sum1
          (i32x4.add
            (local.get $sum1)
            (i32x4.mul
              (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $bytes)))
              (local.get $weight))))
        (local.set $sum2
          (i32x4.add
            (local.get $sum2)
            (i32x4.mul
              (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $bytes)))
              (local.get $weight))))
        (local.set $sum3
          (i32x4.add
            (local.get $sum3)
            (i32x4.mul
              (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $bytes)))
              (local.get $weight))))
        (local.set $pixel (i32.add (local.get $pixel) (local.get $row)))
        (local.set $tap (i32.add (local.get $tap) (i32.const 4)))
        (br_if $input (i32.lt_u (local.get $tap) (local.get $last))))
      (v128.store align=1
        (local.get $to)
        (i8x16.narrow_i16x8_u
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (local.get $sum0) (i32.const 22))
            (i32x4.shr_s (local.get $sum1) (i32.const 22)))
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (local.get $sum2) (i32.const 22))
            (i32x4.shr_s (local.get $sum3) (i32.const 22)))))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $output (i32.lt_u (local.get $to) (local.get $end))))))
