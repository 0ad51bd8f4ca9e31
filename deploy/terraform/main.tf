# New objects of a trail's bucket -> SQS, for `keymeter ingest QUEUE_URL --watch`, with a dead-letter queue.
# The bucket exists already. A bucket has ONE notification configuration: if the trail's bucket has one,
# add this queue to it instead of using aws_s3_bucket_notification here.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "trail_bucket" {
  description = "Name of the bucket that CloudTrail delivers to."
  type        = string
}

variable "prefix" {
  description = "Only objects below this prefix are announced."
  type        = string
  default     = "AWSLogs/"
}

variable "name" {
  description = "Name of the queue; the dead-letter queue has the suffix -dead."
  type        = string
  default     = "keymeter-trail"
}

variable "trail_key_arn" {
  description = "KMS key of the trail's objects (SSE-KMS), or null."
  type        = string
  default     = null
}

data "aws_caller_identity" "this" {}

data "aws_s3_bucket" "trail" {
  bucket = var.trail_bucket
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "trail" {
  name = var.name
  # keymeter extends it while it works.
  visibility_timeout_seconds = 300
  message_retention_seconds  = 1209600
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 5
  })
}

data "aws_iam_policy_document" "queue" {
  statement {
    sid       = "TheBucketMaySend"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.trail.arn]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [data.aws_s3_bucket.trail.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

resource "aws_sqs_queue_policy" "trail" {
  queue_url = aws_sqs_queue.trail.id
  policy    = data.aws_iam_policy_document.queue.json
}

resource "aws_s3_bucket_notification" "trail" {
  bucket = data.aws_s3_bucket.trail.id

  queue {
    queue_arn     = aws_sqs_queue.trail.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = var.prefix
    filter_suffix = ".json.gz"
  }

  depends_on = [aws_sqs_queue_policy.trail]
}

data "aws_iam_policy_document" "keymeter" {
  statement {
    sid       = "ListTheTrail"
    actions   = ["s3:ListBucket"]
    resources = [data.aws_s3_bucket.trail.arn]
  }

  statement {
    sid       = "ReadTheTrail"
    actions   = ["s3:GetObject"]
    resources = ["${data.aws_s3_bucket.trail.arn}/${var.prefix}*"]
  }

  statement {
    sid = "TakeNotifications"
    actions = [
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:ChangeMessageVisibility",
      "sqs:GetQueueAttributes",
    ]
    resources = [aws_sqs_queue.trail.arn]
  }

  dynamic "statement" {
    for_each = var.trail_key_arn == null ? [] : [var.trail_key_arn]

    content {
      sid       = "DecryptTheTrail"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringLike"
        variable = "kms:ViaService"
        values   = ["s3.*.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_policy" "keymeter" {
  name        = "${var.name}-read"
  description = "What keymeter needs: read the trail and take its notifications"
  policy      = data.aws_iam_policy_document.keymeter.json
}

output "queue_url" {
  description = "A source of keymeter ingest and keymeter up."
  value       = aws_sqs_queue.trail.url
}

output "policy_arn" {
  description = "Attach it to the role that keymeter runs as."
  value       = aws_iam_policy.keymeter.arn
}
