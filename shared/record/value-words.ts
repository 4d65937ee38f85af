import type { Cause, Confidence, Disposition, Stage } from '../logstores/values.ts';

/** What the values of closed lists are called. A new value gets its words here. */
interface InBothLanguages {
  readonly en: string;
  readonly zh: string;
}

interface ValueWords {
  /** On its own, as in a chart. */
  readonly label: InBothLanguages;
  /** In a sentence. */
  readonly inStory: InBothLanguages;
}

export const STAGE_WORDS: Readonly<Record<Stage, ValueWords>> = {
  LOADING: { label: { en: 'Loading', zh: '加载' }, inStory: { en: 'the loading page', zh: '加载页面' } },
  GUIDE: { label: { en: 'Guide', zh: '引导' }, inStory: { en: 'the guide page', zh: '引导页面' } },
  OCR_SCAN: {
    label: { en: 'Document capture', zh: '拍摄证件' },
    inStory: { en: 'the document capture', zh: '证件拍摄阶段' },
  },
  OCR_RESULT: {
    label: { en: 'Document details', zh: '证件信息确认' },
    inStory: { en: 'the check of the recognised data', zh: '识别结果确认阶段' },
  },
  NFC_INPUT: {
    label: { en: 'NFC details', zh: 'NFC 信息' },
    inStory: { en: 'the NFC input', zh: 'NFC信息输入阶段' },
  },
  NFC_READ: {
    label: { en: 'NFC reading', zh: 'NFC 读取' },
    inStory: { en: 'the NFC reading', zh: 'NFC读取阶段' },
  },
  FACE: {
    label: { en: 'Liveness', zh: '活体检测' },
    inStory: { en: 'the liveness check', zh: '活体检测阶段' },
  },
};

interface CauseWords extends ValueWords {
  /** What the team could do; absent where there is nothing to win back. */
  readonly help?: InBothLanguages;
}

export const CAUSE_WORDS: Readonly<Record<Cause, CauseWords>> = {
  passed: {
    label: { en: 'Passed', zh: '通过' },
    inStory: { en: 'passed', zh: '通过' },
  },
  rejected: {
    label: { en: 'Rejected', zh: '未通过' },
    inStory: { en: 'not passed', zh: '未通过' },
  },
  user_left: {
    label: { en: 'User left', zh: '用户离开' },
    inStory: { en: 'the person left', zh: '用户离开' },
    help: { en: 'an invitation to go on', zh: '邀请用户继续' },
  },
  camera_permission: {
    label: { en: 'Camera permission', zh: '相机权限' },
    inStory: { en: 'camera permission', zh: '相机权限' },
    help: {
      en: 'saying before the prompt what the camera is for and how to allow it',
      zh: '在弹出授权前说明相机用途及开启方法',
    },
  },
  capture_quality: {
    label: { en: 'Capture quality', zh: '采集质量' },
    inStory: { en: 'captures that failed', zh: '拍摄未成功' },
    help: {
      en: 'showing how to hold still and find light, or another way to verify',
      zh: '提示保持稳定和光线充足，或提供其他认证方式',
    },
  },
  document: {
    label: { en: 'Document', zh: '证件问题' },
    inStory: { en: 'the document or its data', zh: '证件或其信息' },
    help: {
      en: 'saying which documents are taken and what must be readable',
      zh: '说明可用的证件及须清晰可读的信息',
    },
  },
  retry_limit: {
    label: { en: 'Retry limit', zh: '超过重试上限' },
    inStory: { en: 'too many failed tries', zh: '失败次数过多' },
    help: {
      en: 'a new session, with guidance before the first try',
      zh: '在首次尝试前给出指引，并重新发起认证',
    },
  },
  network: {
    label: { en: 'Network', zh: '网络' },
    inStory: { en: 'the network', zh: '网络' },
    help: { en: 'an invitation for when the connection is better', zh: '在网络较好时再次邀请' },
  },
  device: {
    label: { en: 'Device', zh: '设备' },
    inStory: { en: 'the device or the app build on it', zh: '设备或其上的应用版本' },
    help: {
      en: 'another device, or a build and settings with what the solution needs',
      zh: '换用其他设备，或使用满足方案要求的应用版本和设置',
    },
  },
  clock: {
    label: { en: 'Clock', zh: '设备时间' },
    inStory: { en: "the device's clock", zh: '设备时间' },
    help: { en: 'asking to set the device time automatically', zh: '请用户将设备时间设为自动' },
  },
  vendor_error: {
    label: { en: 'Service error', zh: '服务错误' },
    inStory: { en: 'an error in the service or in how it is called', zh: '服务或其调用方式出错' },
    help: {
      en: "checking how the SDK is called, then the service's support",
      zh: '检查SDK调用方式，再联系服务支持',
    },
  },
  never_opened: {
    label: { en: 'Never opened', zh: '从未打开' },
    inStory: { en: 'never opened', zh: '从未打开' },
    help: { en: 'sending the link again', zh: '再次发送链接' },
  },
  suspected_interruption: {
    label: { en: 'Suspected interruption', zh: '疑似中断' },
    inStory: { en: 'an interruption', zh: '进程中断' },
    help: { en: 'an invitation to start again', zh: '邀请用户重新开始' },
  },
  transaction_invalid: {
    label: { en: 'Transaction invalid', zh: '认证 ID 无效' },
    inStory: { en: 'an invalid transaction id', zh: 'TransactionId无效' },
    help: {
      en: 'a new session, and a look at which id the app is given',
      zh: '重新发起认证，并检查应用收到的TransactionId',
    },
  },
  unknown: {
    label: { en: 'Unknown', zh: '未知' },
    inStory: { en: 'unknown', zh: '未知' },
  },
};

export const CONFIDENCE_WORDS: Readonly<Record<Confidence, InBothLanguages>> = {
  high: { en: 'high', zh: '高' },
  medium: { en: 'medium', zh: '中' },
  low: { en: 'low', zh: '低' },
};

/** Why there is no session log. */
export const NO_LOG_WORDS: Readonly<Record<Exclude<Disposition, 'answered'>, InBothLanguages>> = {
  not_completed: { en: 'the service still calls the session not completed', zh: '服务仍返回认证未完成' },
  invalid: { en: 'the transaction cannot be asked about', zh: '该事务无法查询' },
  expired: { en: 'the transaction is older than logs are kept', zh: '该事务已超过日志保存期' },
  gave_up: { en: 'the service gave no usable answer', zh: '服务未给出可用应答' },
};
